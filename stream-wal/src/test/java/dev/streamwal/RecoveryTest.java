package dev.streamwal;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link RecoveryContract}. */
class RecoveryTest {

    @Nested
    class Mapped extends RecoveryContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    @Tag("portable")
    class Channel extends RecoveryContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends RecoveryContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
