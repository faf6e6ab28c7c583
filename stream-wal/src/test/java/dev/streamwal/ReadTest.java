package dev.streamwal;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link ReadContract}. */
class ReadTest {

    @Nested
    class Mapped extends ReadContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    @Tag("portable")
    class Channel extends ReadContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends ReadContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
