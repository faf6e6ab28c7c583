package dev.streamwal.segment;

import java.time.Instant;
import java.time.InstantSource;

/** As a reader's options have them by default. */
public final class ReadSettingsForTests {

    public static final ReadSettings DEFAULTS = new ReadSettings(256 << 20, 512, 4 << 10, 1 << 20, 1 << 20, false, InstantSource.fixed(Instant.EPOCH));

    private ReadSettingsForTests() {}
}
