package dev.streamwal.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SchemaTagTest {

    @ParameterizedTest
    @CsvSource({"1, 1, 01000000 0100 54fb", "16909060, 258, 04030201 0201 54fb", "2147483647, 65535, ffffff7f ffff 54fb", "-1, 1, ffffffff 0100 54fb"})
    void tag_isWrittenAsThePictureSays_andReadBack(int schemaId, int version, String bytes) {
        ByteBuf header = Unpooled.buffer().writeBytes(new byte[] {9, 9, 9}).writeLongLE(SchemaTag.of(schemaId, version));
        assertThat(ByteBufUtil.hexDump(header, 3, SchemaTag.BYTES)).isEqualTo(bytes.replace(" ", ""));
        long tag = SchemaTag.in(header, 3 + SchemaTag.BYTES);
        assertThat(SchemaTag.schemaId(tag)).isEqualTo(schemaId);
        assertThat(SchemaTag.version(tag)).isEqualTo(version);
        assertThat(tag).isNotEqualTo(SchemaTag.NONE);
    }

    @Test
    void in_headerThatEndsInNoTag_none() {
        ByteBuf header = Unpooled.buffer().writeLongLE(SchemaTag.of(1, 1)).writeByte(0);
        assertThat(SchemaTag.in(header, 9)).isEqualTo(SchemaTag.NONE);
        assertThat(SchemaTag.in(header, 7)).isEqualTo(SchemaTag.NONE);
        assertThat(SchemaTag.in(header, 0)).isEqualTo(SchemaTag.NONE);
        header.setByte(7, 0xfa);
        assertThat(SchemaTag.in(header, 8)).isEqualTo(SchemaTag.NONE);
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "-2, 1", "-2147483648, 1", "1, 0", "1, 65536", "-1, 0"})
    void of_whatNoRecordHas_isRefused(int schemaId, int version) {
        assertThatIllegalArgumentException().isThrownBy(() -> SchemaTag.of(schemaId, version))
                .withMessageContaining(version == 1 ? "schemaId=" + schemaId : "version=" + version);
    }
}
