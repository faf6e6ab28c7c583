package dev.streamwal.ratis.wire;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Texts as they are sent. */
class TextTest {

    @Test
    void utf8Length_isThatOfTheBytes() {
        for (String text : new String[] {"", "a", "\u007f\u0080", "\u07ff\u0800", "\uffff", "\ud800\udc00", "\udbff\udfff", "aä東😀\0"}) {
            assertThat(Text.utf8Length(text)).as(text).isEqualTo(Text.bytes(text).length);
        }
    }
}
