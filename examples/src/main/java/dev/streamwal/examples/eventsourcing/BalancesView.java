package dev.streamwal.examples.eventsourcing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The read side's table, in a file of its own: each account's state, and up to which position of its stream. A database in a real program. */
final class BalancesView {
    private final Path file;
    private final Map<String, AccountSnapshot> rows = new TreeMap<>();

    private BalancesView(Path file) {
        this.file = file;
    }

    static BalancesView open(Path file) throws IOException {
        BalancesView view = new BalancesView(file);
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file)) {
                String[] fields = line.split(",", 5);
                Account state = new Account(fields[4], Long.parseLong(fields[2]), Long.parseLong(fields[3]));
                view.rows.put(fields[0], new AccountSnapshot(state, Long.parseLong(fields[1])));
            }
        }
        return view;
    }

    AccountSnapshot row(String key) {
        return rows.getOrDefault(key, AccountSnapshot.NONE);
    }

    /** Does nothing with an event that the row has already: one that was delivered again. */
    void add(String key, AccountEvent event, long position, long nextPosition) {
        AccountSnapshot row = row(key);
        if (position >= row.position()) {
            rows.put(key, new AccountSnapshot(event.applyTo(row.state()), nextPosition));
        }
    }

    /** The file is there with all of the rows, or as it was. */
    void save() throws IOException {
        List<String> lines = new ArrayList<>();
        rows.forEach((key, row) -> {
            Account state = row.state();
            lines.add(String.format(Locale.ROOT, "%s,%d,%d,%d,%s", key, row.position(), state.cents(), state.events(), state.owner()));
        });
        Path unfinished = Files.write(file.resolveSibling("unfinished"), lines);
        Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }
}
