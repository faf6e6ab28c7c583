package dev.streamwal;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link PackingContract}. */
class PackingTest {

    @Nested
    class Mapped extends PackingContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    @Tag("portable")
    class Channel extends PackingContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends PackingContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
