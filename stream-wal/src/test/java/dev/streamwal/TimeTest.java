package dev.streamwal;

import org.junit.jupiter.api.Nested;

/** See {@link TimeContract}. */
class TimeTest {

    @Nested
    class Mapped extends TimeContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    class Channel extends TimeContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    class OnJimfs extends TimeContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
