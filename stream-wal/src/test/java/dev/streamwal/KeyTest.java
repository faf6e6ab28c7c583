package dev.streamwal;

import org.junit.jupiter.api.Nested;

/** See {@link KeyContract}. */
class KeyTest {

    @Nested
    class Mapped extends KeyContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    class Channel extends KeyContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    class OnJimfs extends KeyContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
