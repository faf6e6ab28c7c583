package dev.streamwal;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link InterruptContract}. */
class InterruptTest {

    @Nested
    class Mapped extends InterruptContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    @Tag("portable")
    class Channel extends InterruptContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends InterruptContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
