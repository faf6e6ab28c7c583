package dev.streamwal.cli;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Guesses what a misspelt word was meant to be. */
final class Spelling {

    private static final int MAX_GUESSES = 3;
    /** Longer words get no guess: comparing them takes the product of their lengths. */
    private static final int MAX_LENGTH = 200;

    private Spelling() {}

    private record Guess(String word, int distance) {}

    /** A question to append to a message; empty if no word is similar. */
    static String question(String misspelt, Collection<String> words) {
        List<String> similar = similar(misspelt, words);
        return similar.isEmpty() ? "" : "; did you mean " + String.join(" or ", similar) + "?";
    }

    /** The most similar words, with at most one letter in three different. */
    static List<String> similar(String misspelt, Collection<String> words) {
        int most = Math.max(1, misspelt.length() / 3);
        if (misspelt.length() > MAX_LENGTH) {
            return List.of();
        }
        List<Guess> guesses = words.stream().filter(word -> Math.abs(word.length() - misspelt.length()) <= most)
                .map(word -> new Guess(word, distance(misspelt, word)))
                .filter(guess -> guess.distance() <= most)
                .sorted(Comparator.comparingInt(Guess::distance).thenComparing(Guess::word)).toList();
        return guesses.stream().filter(guess -> guess.distance() == guesses.get(0).distance()).limit(MAX_GUESSES).map(Guess::word).toList();
    }

    /** The number of letters to insert, remove, replace, or swap with their neighbour. */
    static int distance(String one, String other) {
        int[] beforeLast = new int[other.length() + 1];
        int[] last = new int[other.length() + 1];
        int[] row = new int[other.length() + 1];
        for (int j = 0; j <= other.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= one.length(); i++) {
            int[] reused = beforeLast;
            beforeLast = last;
            last = row;
            row = reused;
            row[0] = i;
            for (int j = 1; j <= other.length(); j++) {
                boolean same = one.charAt(i - 1) == other.charAt(j - 1);
                row[j] = Math.min(last[j - 1] + (same ? 0 : 1), Math.min(last[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && one.charAt(i - 1) == other.charAt(j - 2) && one.charAt(i - 2) == other.charAt(j - 1)) {
                    row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
                }
            }
        }
        return row[other.length()];
    }
}
