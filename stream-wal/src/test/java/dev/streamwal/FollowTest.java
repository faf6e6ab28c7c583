package dev.streamwal;

import org.junit.jupiter.api.Nested;

/** See {@link FollowContract}. */
class FollowTest {

    @Nested
    class Mapped extends FollowContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    class Channel extends FollowContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    class OnJimfs extends FollowContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
