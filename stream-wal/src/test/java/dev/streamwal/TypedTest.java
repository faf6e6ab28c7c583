package dev.streamwal;

import org.junit.jupiter.api.Nested;

/** See {@link TypedContract}. */
class TypedTest {

    @Nested
    class Mapped extends TypedContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    class Channel extends TypedContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    class OnJimfs extends TypedContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
