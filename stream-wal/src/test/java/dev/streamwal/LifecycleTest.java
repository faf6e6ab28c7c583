package dev.streamwal;

import org.junit.jupiter.api.Nested;

/** See {@link LifecycleContract}. */
class LifecycleTest {

    @Nested
    class Mapped extends LifecycleContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    class Channel extends LifecycleContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    class OnJimfs extends LifecycleContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
