package dev.streamwal.ratis.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** What is checked of commands where they are sent. */
class CommandTest {

    @Test
    void utf8Length_isThatOfTheBytes() {
        for (String text : new String[] {"", "a", "\u007f\u0080", "\u07ff\u0800", "\uffff", "\ud800\udc00", "\udbff\udfff", "aä東😀\0"}) {
            assertThat(Text.utf8Length(text)).as(text).isEqualTo(Text.bytes(text).length);
        }
    }

    @Test
    void checkProducer_takesAsManyBytesAsThereMayBe() {
        assertThatCode(() -> Command.checkProducer("東".repeat(682) + "ab")).doesNotThrowAnyException();
        assertThatThrownBy(() -> Command.checkProducer("東".repeat(683))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("too long: bytes=2049, max=2048");
    }
}
