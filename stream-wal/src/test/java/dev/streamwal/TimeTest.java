package dev.streamwal;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link TimeContract}. */
class TimeTest {

    @Nested
    class Mapped extends TimeContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    @Tag("portable")
    class Channel extends TimeContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends TimeContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
