/* The rules of uap-core inside the program. AGENT_RULES_FILE is the path of its regexes.yaml. */
extern const char agent_text_begin[], agent_text_end[];

__asm__(".pushsection .rodata\n"
        ".global agent_text_begin\n"
        "agent_text_begin:\n"
        ".incbin \"" AGENT_RULES_FILE "\"\n"
        ".global agent_text_end\n"
        "agent_text_end:\n"
        ".byte 0\n"
        ".popsection\n");
