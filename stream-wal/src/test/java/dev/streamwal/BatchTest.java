package dev.streamwal;

import org.junit.jupiter.api.Nested;

/** See {@link BatchContract}. */
class BatchTest {

    @Nested
    class Mapped extends BatchContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    class Channel extends BatchContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    class OnJimfs extends BatchContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
