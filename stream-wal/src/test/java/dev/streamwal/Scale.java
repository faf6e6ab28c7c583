package dev.streamwal;

/** How long the tests go on that look for something rare, by {@code -Dscale}; 1 if nothing is said. */
public final class Scale {

    /** The build's: at least so much, each crash point and each byte is taken. */
    private static final double OF_BUILD = 0.1;

    private Scale() {}

    public static double factor() {
        String scale = System.getProperty("scale", "");
        return scale.isBlank() || scale.startsWith("$") ? 1 : Double.parseDouble(scale);
    }

    /** A build, which leaves out some of what is repeated on each storage, or at each call and byte. */
    public static boolean isShortened() {
        return factor() < 1;
    }

    /** Whether runs are long enough to come to what is rare in them. */
    public static boolean hasWholeRuns() {
        return factor() >= OF_BUILD;
    }

    /** Of what is taken in turn, such as crash points, so many go by to each one that is looked at; 1 but in builds that are shortened. */
    public static int everyNth() {
        return (int) Math.max(1, Math.round(OF_BUILD / factor()));
    }

    /** How much of one run is done: all of it, but in builds that are shortened. */
    public static int ofOneRun(int all) {
        return (int) Math.max(1, Math.min(all, Math.round(all * factor() / OF_BUILD)));
    }
}
