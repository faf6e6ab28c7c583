package dev.streamwal;

import org.junit.jupiter.api.Nested;

/** See {@link RetentionContract}. */
class RetentionTest {

    @Nested
    class Mapped extends RetentionContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    class Channel extends RetentionContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    class OnJimfs extends RetentionContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
