package dev.streamwal;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link ReplacedLogContract}. */
class ReplacedLogTest {

    @Nested
    class Mapped extends ReplacedLogContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    @Tag("portable")
    class Channel extends ReplacedLogContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends ReplacedLogContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
