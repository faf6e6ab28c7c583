package dev.streamwal;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link RetentionContract}. */
class RetentionTest {

    @Nested
    class Mapped extends RetentionContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    @Tag("portable")
    class Channel extends RetentionContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends RetentionContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
