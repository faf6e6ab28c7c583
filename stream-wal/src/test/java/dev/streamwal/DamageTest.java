package dev.streamwal;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link DamageContract}. Every byte in memory, where it is quick, each third where tests are shortened; some of them on the disk. */
class DamageTest {

    private static final int SOME = 83;

    @Nested
    class Mapped extends DamageContract {
        Mapped() {
            super(LogHome.mapped(), SOME);
        }
    }

    @Nested
    @Tag("portable")
    class Channel extends DamageContract {
        Channel() {
            super(LogHome.channel(), SOME);
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends DamageContract {
        OnJimfs() {
            super(LogHome.jimfs(), Scale.factor() < 1 ? 11 : 1);
        }
    }
}
