package dev.streamwal;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link BatchContract}. */
class BatchTest {

    @Nested
    class Mapped extends BatchContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    @Tag("portable")
    class Channel extends BatchContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends BatchContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
