"""What headers and fields call the two sides of a fact, in some of the languages that people keep cards in."""

from __future__ import annotations

INSTRUCTION, INPUT = "instruction", "input"
"""Where both say something, as in Alpaca's records, they are the prompt together."""
PROMPT_NAMES = frozenset(
    "prompt question questions q query front term word key subject cue input instruction problem entry expression "
    "frage begriff pregunta pergunta domanda termine mot término palabra вопрос термин слово "
    "问题 問題 質問 题目 单词 질문 "
    "vraag fråga spørgsmål spørsmål kysymys pytanie otázka soru ερώτηση питання سؤال שאלה प्रश्न คำถาม hỏi".split()
)
ANSWER_NAMES = frozenset(
    "answer answers a reply response back definition meaning value output completion target translation solution "
    "explanation antwort bedeutung übersetzung réponse respuesta resposta risposta définition definición traduction "
    "ответ определение перевод значение 答案 回答 解答 答え 意味 释义 답 대답".split()
)
