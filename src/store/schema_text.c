/* The files of content/schemas inside the program, so that it needs no folder beside it. The build
 * joins them into one file, whose path is SCHEMA_TEXT_FILE. */
extern const char schema_text_begin[], schema_text_end[];

__asm__(".pushsection .rodata\n"
        ".global schema_text_begin\n"
        "schema_text_begin:\n"
        ".incbin \"" SCHEMA_TEXT_FILE "\"\n"
        ".global schema_text_end\n"
        "schema_text_end:\n"
        ".byte 0\n"
        ".popsection\n");
