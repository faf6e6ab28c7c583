package dev.streamwal.bench.compare;

/** Says that a contender can't do what a workload asks, and why: the table has "–" there, and the reason below. */
final class Cannot extends RuntimeException {

    private static final long serialVersionUID = 1;

    Cannot(String reason) {
        super(reason);
    }

    String reason() {
        return String.valueOf(getMessage());
    }
}
