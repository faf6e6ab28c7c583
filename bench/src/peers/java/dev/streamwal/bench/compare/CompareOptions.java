package dev.streamwal.bench.compare;

import java.nio.file.Path;

/**
 * What the command line says.
 *
 * @param only a regular expression of cells' names
 * @param contenders a regular expression of their names
 * @param note a sentence for the page
 */
record CompareOptions(Length length, int rounds, String only, String contenders, String note, Path out) {

    static CompareOptions of(String[] args) {
        Length length = Length.FULL;
        int rounds = 0;
        String only = ".*";
        String contenders = ".*";
        String note = "";
        Path out = Path.of("bench/results");
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--quick" -> length = Length.QUICK;
                case "--tiny" -> length = Length.TINY;
                case "--rounds" -> rounds = Integer.parseInt(args[++i]);
                case "--only" -> only = args[++i];
                case "--contenders" -> contenders = args[++i];
                case "--note" -> note = args[++i];
                case "--out" -> out = Path.of(args[++i]);
                default -> throw new IllegalArgumentException("not an option of this run: " + args[i]);
            }
        }
        return new CompareOptions(length, rounds == 0 ? length.rounds : rounds, only, contenders, note, out);
    }
}
