package dev.streamwal;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link DurabilityContract}. */
class DurabilityTest {

    @Nested
    class Mapped extends DurabilityContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    @Tag("portable")
    class Channel extends DurabilityContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends DurabilityContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
