package dev.streamwal;

import org.junit.jupiter.api.Nested;

/** See {@link DeletionContract}. */
class DeletionTest {

    @Nested
    class Mapped extends DeletionContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    class Channel extends DeletionContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    class OnJimfs extends DeletionContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
