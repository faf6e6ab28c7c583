package dev.streamwal;

import org.junit.jupiter.api.Nested;

/** See {@link SharedContract}. */
class SharedTest {

    @Nested
    class Mapped extends SharedContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    class Channel extends SharedContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    class OnJimfs extends SharedContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
