package dev.streamwal.examples.queue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** What the workers of a group have done, by what they wrote down. */
final class Deliveries {
    private final Set<String> messages = new HashSet<>();
    private int twice;
    private int lost;
    private int outOfOrder;

    static Path file(Path folder, String group, int worker) {
        return folder.resolve(group + "-" + worker + ".txt");
    }

    static Deliveries read(Path folder, String group) throws IOException {
        Deliveries deliveries = new Deliveries();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(each -> each.getFileName().toString().startsWith(group + "-")).toList()) {
                String text = Files.readString(file);
                deliveries.add(text.substring(0, text.lastIndexOf('\n') + 1)); // a worker may have been killed within a line
            }
        }
        return deliveries;
    }

    private void add(String text) {
        Map<String, Long> last = new HashMap<>(); // of each partition
        for (String line : text.lines().toList()) {
            String[] fields = line.split(" ", 4);
            if (fields[0].equals("lost")) {
                lost++;
                continue;
            }
            long position = Long.parseLong(fields[2]);
            Long before = last.put(fields[1], position);
            outOfOrder += before != null && before >= position ? 1 : 0;
            twice += messages.add(fields[3]) ? 0 : 1;
        }
    }

    int count() {
        return messages.size();
    }

    /** How many messages were handled again, by the worker that took over. */
    int twice() {
        return twice;
    }

    /** How often a worker was told that retention had taken something, or that a message is damaged. */
    int lost() {
        return lost;
    }

    /** How often a worker was given a message of a partition behind a later one. */
    int outOfOrder() {
        return outOfOrder;
    }
}
