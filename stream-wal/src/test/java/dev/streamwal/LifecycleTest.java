package dev.streamwal;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link LifecycleContract}. */
class LifecycleTest {

    @Nested
    class Mapped extends LifecycleContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    @Tag("portable")
    class Channel extends LifecycleContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends LifecycleContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
