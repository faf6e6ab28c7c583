package dev.streamwal;

import org.junit.jupiter.api.Nested;

/** See {@link InterruptContract}. */
class InterruptTest {

    @Nested
    class Mapped extends InterruptContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    class Channel extends InterruptContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    class OnJimfs extends InterruptContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
