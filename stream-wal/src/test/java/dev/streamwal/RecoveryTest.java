package dev.streamwal;

import org.junit.jupiter.api.Nested;

/** See {@link RecoveryContract}. */
class RecoveryTest {

    @Nested
    class Mapped extends RecoveryContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    class Channel extends RecoveryContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    class OnJimfs extends RecoveryContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
