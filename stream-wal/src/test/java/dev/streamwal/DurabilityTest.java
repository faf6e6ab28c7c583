package dev.streamwal;

import org.junit.jupiter.api.Nested;

/** See {@link DurabilityContract}. */
class DurabilityTest {

    @Nested
    class Mapped extends DurabilityContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    class Channel extends DurabilityContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    class OnJimfs extends DurabilityContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
