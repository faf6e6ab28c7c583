package dev.streamwal.format;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.error.WalIOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class MessageTextTest {

    @Test
    void of_plainText_isTheSame() {
        for (String text : new String[] {"", "machine/7, file=C:\\log", "\u00e4\u4e2d\ud83d\ude00"}) {
            assertThat(MessageText.of(text)).isSameAs(text);
        }
    }

    @Test
    void of_everyCharacter_nothingThatATerminalObeys() {
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            String escaped = MessageText.of(new String(Character.toChars(c)));
            assertThat(escaped.codePoints().noneMatch(shown -> Character.isISOControl(shown)
                    || Character.getType(shown) == Character.FORMAT || Character.getType(shown) == Character.SURROGATE)).isTrue();
        }
        assertThat(MessageText.of("a\t\n\r\u001b[31m\u009b\u202e\ud83d\ude00é\ud83d")).isEqualTo(
                "a\\t\\n\\r\\u001b[31m\\u009b\\u202e\ud83d\ude00é\\ud83d");
    }

    @Test
    void exception_keyAndFileHaveControlCharacters_messageHasNone() {
        WalIOException e = new WalIOException("failed: stream=a\nb, file=/x\ty", Path.of("/x\ty"), "a\nb", 8, null);
        assertThat(e).hasMessage("failed: stream=a\\nb, file=/x\\ty");
        assertThat(e.key()).isEqualTo("a\nb");
        assertThat(e.file()).isEqualTo(Path.of("/x\ty"));
    }
}
