package dev.streamwal;

import org.junit.jupiter.api.Nested;

/** See {@link FollowPrefixContract}. */
class FollowPrefixTest {

    @Nested
    class Mapped extends FollowPrefixContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    class Channel extends FollowPrefixContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    class OnJimfs extends FollowPrefixContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
