package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonGenerator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import java.util.Optional;

/** The type of contents, by which they are shown. Contents that aren't of the type are shown as of unknown type. */
enum ContentType {

    /** Numbers of 64 bits, the highest byte first, as Java's buffers write them. */
    F64 {
        @Override
        Optional<String> text(ByteBuf content) {
            return joined(numbers(content, content::getDouble));
        }

        @Override
        boolean write(ByteBuf content, JsonGenerator json) throws IOException {
            return writeNumbers(numbers(content, content::getDouble), json);
        }
    },

    /** The same, the lowest byte first, as Chronicle Bytes writes them. */
    F64LE {
        @Override
        Optional<String> text(ByteBuf content) {
            return joined(numbers(content, content::getDoubleLE));
        }

        @Override
        boolean write(ByteBuf content, JsonGenerator json) throws IOException {
            return writeNumbers(numbers(content, content::getDoubleLE), json);
        }
    },

    /** Text; bytes that aren't UTF-8 become U+FFFD. */
    UTF8 {
        @Override
        Optional<String> text(ByteBuf content) {
            return Optional.of(content.toString(UTF_8));
        }

        @Override
        boolean write(ByteBuf content, JsonGenerator json) throws IOException {
            json.writeStringField(MEMBER, content.toString(UTF_8));
            return true;
        }
    },

    /** Bytes, two digits each. */
    HEX {
        @Override
        Optional<String> text(ByteBuf content) {
            return Optional.of(ByteBufUtil.hexDump(content));
        }

        @Override
        boolean write(ByteBuf content, JsonGenerator json) throws IOException {
            json.writeStringField(MEMBER + "Hex", ByteBufUtil.hexDump(content));
            return true;
        }
    },

    /** A JSON value, on one line; a part of the object that shows the record. */
    JSON {
        @Override
        Optional<String> text(ByteBuf content) {
            return JsonValue.compact(ByteBufUtil.getBytes(content));
        }

        @Override
        boolean write(ByteBuf content, JsonGenerator json) throws IOException {
            Optional<String> value = text(content);
            if (value.isPresent()) {
                json.writeFieldName(MEMBER);
                json.writeRawValue(value.get());
            }
            return value.isPresent();
        }
    };

    private static final String MEMBER = "content";

    /** Empty if the content isn't of this type. */
    abstract Optional<String> text(ByteBuf content);

    /** Writes a member of an object, or returns false if the content isn't of this type. */
    abstract boolean write(ByteBuf content, JsonGenerator json) throws IOException;

    /** Reads a number at an index. */
    private interface Getter {
        double at(int index);
    }

    private static Optional<String[]> numbers(ByteBuf content, Getter getter) {
        int bytes = content.readableBytes();
        if (bytes == 0 || bytes % Double.BYTES != 0) {
            return Optional.empty();
        }
        String[] numbers = new String[bytes / Double.BYTES];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = Double.toString(getter.at(content.readerIndex() + i * Double.BYTES));
        }
        return Optional.of(numbers);
    }

    private static Optional<String> joined(Optional<String[]> numbers) {
        return numbers.map(each -> String.join(" ", each));
    }

    /** A single number as a number, several as an array. JSON has no NaN and no infinity: these are strings. */
    private static boolean writeNumbers(Optional<String[]> numbers, JsonGenerator json) throws IOException {
        if (numbers.isEmpty()) {
            return false;
        }
        json.writeFieldName(MEMBER);
        boolean several = numbers.get().length > 1;
        if (several) {
            json.writeStartArray();
        }
        for (String number : numbers.get()) {
            json.writeNumber(Double.parseDouble(number));
        }
        if (several) {
            json.writeEndArray();
        }
        return true;
    }
}
