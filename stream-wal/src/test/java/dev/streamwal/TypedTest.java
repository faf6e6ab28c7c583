package dev.streamwal;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link TypedContract}. */
class TypedTest {

    @Nested
    class Mapped extends TypedContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    @Tag("portable")
    class Channel extends TypedContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends TypedContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
