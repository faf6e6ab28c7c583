package dev.streamwal;

import org.junit.jupiter.api.Nested;

/** See {@link ReadContract}. */
class ReadTest {

    @Nested
    class Mapped extends ReadContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    class Channel extends ReadContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    class OnJimfs extends ReadContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
