package dev.streamwal.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;

/**
 * The options of most programs of {@code bench/run}: {@code [--rounds n] [--quick] [--out folder]}.
 *
 * @param quick whether the run only proves that it works
 * @param out the folder of the results
 */
record RunOptions(int rounds, boolean quick, Path out) {

    static RunOptions of(String[] args, int roundsByDefault) {
        int rounds = roundsByDefault;
        boolean quick = false;
        Path out = Path.of("bench/results");
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--rounds" -> rounds = Integer.parseInt(args[++i]);
                case "--out" -> out = Path.of(args[++i]);
                case "--quick" -> {
                    quick = true;
                    rounds = 1;
                }
                default -> throw new IllegalArgumentException("not an option of this run: " + args[i]);
            }
        }
        return new RunOptions(rounds, quick, out);
    }

    /** Writes {@code <out>/<date>-<machine>-<what>.md}, and prints it. */
    void write(Machine machine, String what, List<String> lines) throws IOException {
        Files.createDirectories(out);
        Path table = out.resolve(LocalDate.now(ZoneOffset.UTC) + "-" + machine.shortName() + "-" + what + ".md");
        Files.write(table, lines);
        System.out.println(String.join("\n", lines));
        System.out.println("written: " + table);
    }
}
