package dev.streamwal.examples.gateway;

import dev.streamwal.reader.EntryRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** What the shipper has shipped, and what it has reported as lost. What was shipped twice counts once. */
final class Delivery {
    private final Set<EntryRef> shipped = new HashSet<>();
    private final Map<String, List<Range>> lost = new HashMap<>();

    /** Of positions, from inclusive, to exclusive. */
    private record Range(long from, long to) {}

    /** Of what was appended: how much was shipped, and how much of the rest is lost. What is neither is missing. */
    record Account(long appended, long shipped, long lost) {
        long missing() {
            return appended - shipped - lost;
        }
    }

    static Delivery read(Path target) throws IOException {
        Delivery delivery = new Delivery();
        try (Stream<Path> files = Files.list(target)) {
            for (Path file : files.filter(Shipper::isBatch).toList()) {
                Files.readAllLines(file).forEach(delivery::add);
            }
        }
        return delivery;
    }

    private void add(String line) {
        String[] fields = line.split(",", -1);
        if (fields[0].equals("lost")) {
            lost.computeIfAbsent(fields[1], key -> new ArrayList<>())
                    .add(new Range(Long.parseLong(fields[2]), Long.parseLong(fields[3])));
        } else if (fields[0].equals("shipped")) { // what is damaged is missing
            shipped.add(EntryRef.parse(fields[1]));
        }
    }

    private boolean isLost(EntryRef ref) {
        return lost.getOrDefault(ref.key(), List.of()).stream()
                .anyMatch(range -> range.from <= ref.position() && ref.position() < range.to);
    }

    Account account(List<EntryRef> appended) {
        List<EntryRef> rest = appended.stream().filter(ref -> !shipped.contains(ref)).toList();
        return new Account(appended.size(), appended.size() - rest.size(), rest.stream().filter(this::isLost).count());
    }
}
