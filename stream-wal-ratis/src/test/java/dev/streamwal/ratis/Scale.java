package dev.streamwal.ratis;

/** How much longer than usual a test may go on. */
public final class Scale {

    private Scale() {}

    /** By {@code -Dscale}; 1 if nothing is said. */
    public static double factor() {
        String scale = System.getProperty("scale", "");
        return scale.isBlank() || scale.startsWith("$") ? 1 : Double.parseDouble(scale);
    }
}
