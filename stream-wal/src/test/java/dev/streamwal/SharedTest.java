package dev.streamwal;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link SharedContract}. */
class SharedTest {

    @Nested
    class Mapped extends SharedContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    @Tag("portable")
    class Channel extends SharedContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends SharedContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
