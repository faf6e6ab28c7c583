package dev.streamwal;

import org.junit.jupiter.api.Nested;

/** See {@link DamageContract}. Every byte in memory, where it is quick, each third where tests are shortened; some of them on the disk. */
class DamageTest {

    private static final int SOME = 41;

    @Nested
    class Mapped extends DamageContract {
        Mapped() {
            super(LogHome.mapped(), SOME);
        }
    }

    @Nested
    class Channel extends DamageContract {
        Channel() {
            super(LogHome.channel(), SOME);
        }
    }

    @Nested
    class OnJimfs extends DamageContract {
        OnJimfs() {
            super(LogHome.jimfs(), Scale.factor() < 1 ? 5 : 1);
        }
    }
}
