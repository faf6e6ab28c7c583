package dev.streamwal.examples.gateway;

import dev.streamwal.reader.EntryRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** What the shipper has shipped, and what it has reported as lost. What was shipped twice counts once. */
final class Delivery {
    private final Set<EntryRef> shipped = new HashSet<>();
    private final Map<String, List<Range>> lost = new HashMap<>();

    /** Of positions, from inclusive, to exclusive. */
    private record Range(long from, long to) {
        boolean contains(EntryRef ref) {
            return from <= ref.position() && ref.position() < to;
        }
    }

    static Delivery read(Path target) throws IOException {
        Delivery delivery = new Delivery();
        try (Stream<Path> files = Files.list(target)) {
            for (Path file : files.toList()) {
                Files.readAllLines(file).forEach(delivery::add);
            }
        }
        return delivery;
    }

    private void add(String line) {
        String[] fields = line.split(",", -1);
        if (fields[0].equals("lost")) {
            Range range = new Range(Long.parseLong(fields[2]), Long.parseLong(fields[3]));
            lost.computeIfAbsent(fields[1], key -> new ArrayList<>()).add(range);
        } else {
            shipped.add(EntryRef.parse(fields[1]));
        }
    }

    private boolean isLost(EntryRef ref) {
        return lost.getOrDefault(ref.key(), List.of()).stream().anyMatch(range -> range.contains(ref));
    }

    /** Of what was appended: how much was shipped, and how much of the rest is lost or missing. */
    record Account(long appended, long shipped, long lost) {
        long missing() {
            return appended - shipped - lost;
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%,d readings appended = %,d shipped + %,d lost + %,d missing",
                    appended, shipped, lost, missing());
        }
    }

    Account account(List<EntryRef> appended) {
        List<EntryRef> rest = appended.stream().filter(ref -> !shipped.contains(ref)).toList();
        return new Account(appended.size(), appended.size() - rest.size(), rest.stream().filter(this::isLost).count());
    }
}
