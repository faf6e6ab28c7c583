package dev.streamwal;

import org.junit.jupiter.api.Nested;

/** See {@link PackingContract}. */
class PackingTest {

    @Nested
    class Mapped extends PackingContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    class Channel extends PackingContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    class OnJimfs extends PackingContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
