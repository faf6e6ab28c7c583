package dev.streamwal;

import org.junit.jupiter.api.Nested;

/** See {@link ConsumerContract}. */
class ConsumerTest {

    @Nested
    class Mapped extends ConsumerContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    class Channel extends ConsumerContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    class OnJimfs extends ConsumerContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
