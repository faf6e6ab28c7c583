package dev.streamwal;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link KeyContract}. */
class KeyTest {

    @Nested
    class Mapped extends KeyContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    @Tag("portable")
    class Channel extends KeyContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends KeyContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
