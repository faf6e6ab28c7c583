package dev.streamwal;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link DeletionContract}. */
class DeletionTest {

    @Nested
    class Mapped extends DeletionContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    @Tag("portable")
    class Channel extends DeletionContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends DeletionContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
